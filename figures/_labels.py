"""How schedules are named in figures."""


def schedule_label(name: str) -> str:
    """1/k² and 0.95^k as mathematics; words as they are."""
    return "$" + name.replace("²", "^2") + "$" if "k" in name else name
