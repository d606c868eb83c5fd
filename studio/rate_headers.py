"""What is left of the limits, as header fields (draft-ietf-httpapi-ratelimit-headers-10).

They go with each answer that the gate's decision led to, a yes or a no, with the numbers the
decision itself came to. `t`: seconds until there is more of it.
"""

from collections.abc import Iterable

from auth.quotas import WINDOW_S, Quota

# Units of what is counted, where it is not requests.
UNITS = {
    "concurrent": "concurrent-requests",
    "gpu_ms_per_day": "gpu-milliseconds",
    "gpu_ms_total": "gpu-milliseconds",
}


def rate_headers(quotas: Iterable[Quota]) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`: of each limit the one that has the least left."""
    tightest: dict[str, Quota] = {}
    for quota in quotas:
        if quota.name not in tightest or quota.left < tightest[quota.name].left:
            tightest[quota.name] = quota
    if not tightest:
        return {}
    return {
        "ratelimit-policy": ", ".join(policy(quota) for quota in tightest.values()),
        "ratelimit": ", ".join(state(quota) for quota in tightest.values()),
    }


def policy(quota: Quota) -> str:
    parts = [f'"{quota.name}"', f"q={quota.limit}"]
    if quota.name in UNITS:
        parts.append(f'qu="{UNITS[quota.name]}"')
    if quota.name in WINDOW_S:
        parts.append(f"w={WINDOW_S[quota.name]}")
    return ";".join(parts)


def state(quota: Quota) -> str:
    reset = "" if quota.reset_s is None else f";t={quota.reset_s}"
    return f'"{quota.name}";r={quota.left}{reset}'
