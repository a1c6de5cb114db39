"""From counts to alarms: exposure, gates, life, and the reasons behind them."""
