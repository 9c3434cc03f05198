"""How schedules and times are named in figures."""

TIME = "time $t$ (loss units)"  # the flow's own: a slope of 1 moves x by 1 in time 1


def schedule_label(name: str) -> str:
    """1/k² and 0.95^k as mathematics; words as they are."""
    return "$" + name.replace("²", "^2") + "$" if "k" in name else name
