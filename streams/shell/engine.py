"""Which Faust the shell stands on, and how it is set."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
MOST = 500  # records in one batch
DAY_SECONDS = 24 * 3600.0


def check_versions() -> None:
    """Raise RuntimeError unless the libraries are those whose internals are known here."""
    for package, wanted in PINNED.items():
        if version(package) != wanted:
            raise RuntimeError(f"{package} {version(package)} is installed; {wanted} is needed")


def list_settings(bootstrap: str) -> dict[str, Any]:
    """Faust's settings by name; times in seconds unless they end in `_ms`.

    Back-pressure may hold a worker up for long: that is no reason to leave the group. After a
    restart of the broker a group may be formed while the topic is not known yet, and then owns
    nothing until the metadata is read again: so that happens every few seconds.
    """
    return {
        "broker": [f"aiokafka://{server}" for server in bootstrap.split(",")],
        "store": "memory://",
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "table_standby_replicas": 0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": 4 << 20,
        "consumer_metadata_max_age_ms": 5_000,
        "broker_session_timeout": 10.0,
        "broker_heartbeat_interval": 1.0,
        "broker_rebalance_timeout": 10.0,
        "broker_commit_interval": 0.5,
        "broker_max_poll_records": MOST,
        "broker_max_poll_interval": DAY_SECONDS,
        "broker_commit_livelock_soft_timeout": DAY_SECONDS,
        "stream_wait_empty": False,
        "stream_recovery_delay": 0.0,
        "stream_processing_timeout": DAY_SECONDS,
        "worker_redirect_stdouts": False,
    }
