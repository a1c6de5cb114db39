"""What people look at: dashboards as code and as JSON."""
