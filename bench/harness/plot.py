# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison as a picture: one bar a figure, how many times better than the best peer."""
import html
import math

LEFT, WIDTH, BAR, GAP, TOP = 470, 440, 16, 8, 64
LOWEST, HIGHEST = 0.25, 64


def _x(times):
    share = math.log(min(max(times, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + share * WIDTH


def _bars(results):
    for result in results:
        for f in result["figures"]:
            if f["ratio"] is None or f["versus"] not in ("ratio", "faster") or f["floor"] is None or f["ratio"] <= 0:
                continue
            # Less is better: turned round, so that to the right is always good.
            turn = (lambda v: 1 / v) if f["versus"] == "ratio" and f["better"] == "low" else (lambda v: v)
            yield {"label": f"{result['title']}: {f['label']}", "peer": f["best_peer"], "times": turn(f["ratio"]),
                   "floor": turn(f["floor"]), "aim": turn(f["aim"]), "verdict": f["verdict"]}


def svg(results, caption):
    bars = list(_bars(results))
    height = TOP + len(bars) * (BAR + GAP) + 40
    bottom = height - 36
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 130} {height}" '
           'font-family="sans-serif" font-size="12">',
           '<style>text{fill:#222}.q{fill:#666}.g{stroke:#ddd}.one{stroke:#444}.aim{fill:#2a7f4f}.floor{fill:#3b6ea5}'
           '.BELOW{fill:#b5472f}.f{stroke:#000;stroke-width:2}.a{stroke:#000;stroke-dasharray:2 2}</style>',
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="12" y="22" font-size="16">Bootferry: times better than the best peer</text>',
           f'<text x="12" y="40" class="q">{html.escape(caption)}</text>']
    for times in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64):
        x = _x(times)
        kind = "one" if times == 1 else "g"
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}" class="{kind}"/>'
                   f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" class="q">{times:g}x</text>')
    for i, bar in enumerate(bars):
        y = TOP + i * (BAR + GAP)
        start, end = sorted((_x(1), _x(bar["times"])))
        out.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{html.escape(bar["label"])}</text>'
                   f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR}" '
                   f'class="{bar["verdict"]}"/>')
        for name in ("floor", "aim"):
            x = _x(bar[name])
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + BAR + 2}" class="{name[0]}"/>')
        out.append(f'<text x="{LEFT + WIDTH + 12}" y="{y + 12}">{bar["times"]:.2f}x '
                   f'{html.escape(bar["peer"])}</text>')
    out.append(f'<text x="12" y="{height - 6}" class="q">solid mark: floor; dashed: aim; '
               'CPU, p99 and lost time count inversely; scale logarithmic</text></svg>')
    return "\n".join(out) + "\n"
