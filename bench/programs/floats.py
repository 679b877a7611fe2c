# SPDX-License-Identifier: Apache-2.0
"""Floats: planets around a sun, and the figures of a Mandelbrot set."""
import math

PLANETS = [[0.0, 0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0, 1e-3], [0.0, 2.5, -0.63, 0.0, 5e-4], [-4.0, 1.0, -0.1, -0.46, 1e-4]]


def move(bodies, steps, dt):
    for _ in range(steps):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy = a[0] - b[0], a[1] - b[1]
                pull = dt / (math.sqrt(dx * dx + dy * dy) * (dx * dx + dy * dy))
                a[2] -= dx * b[4] * pull
                a[3] -= dy * b[4] * pull
                b[2] += dx * a[4] * pull
                b[3] += dy * a[4] * pull
        for a in bodies:
            a[0] += dt * a[2]
            a[1] += dt * a[3]
    return sum(a[4] * (a[2] * a[2] + a[3] * a[3]) / 2 for a in bodies)


def mandelbrot(size, limit):
    steps = 0
    for row in range(size):
        for column in range(size):
            x0, y0 = 3.0 * column / size - 2.0, 2.0 * row / size - 1.0
            x = y = 0.0
            for _ in range(limit):
                if x * x + y * y > 4.0:
                    break
                x, y = x * x - y * y + x0, 2.0 * x * y + y0
                steps += 1
    return steps


print(move(PLANETS, 20000, 0.005).hex(), mandelbrot(150, 80))
