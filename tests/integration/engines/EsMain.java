import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** EsMain HOME CONFIG: one Elasticsearch node in this JVM, for any user, without the launcher. */
public class EsMain {
    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging();
        var home = Settings.builder().put("path.home", args[0]).build();
        var environment = InternalSettingsPreparer.prepareEnvironment(
            home, Map.of(), Path.of(args[1]), () -> "nabat-tests");
        LogConfigurator.setNodeName("nabat-tests");
        LogConfigurator.configure(environment, true);
        var modules = PluginsLoader.loadModulesBundles(environment.modulesDir());
        var plugins = PluginsLoader.loadPluginsBundles(environment.pluginsDir());
        var node = new Node(environment, PluginsLoader.createPluginsLoader(modules, plugins, Map.of()));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        Thread.currentThread().join();
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (Exception e) {
            e.printStackTrace();
        }
    }
}
