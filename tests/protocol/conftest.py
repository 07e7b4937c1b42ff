from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast a machine is must not decide whether a test passes.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("unhurried")
