"""EK-FAC influence with nothing left out, in fp64: gradients, factors, eigenvectors and scores (George et al. 2018; Grosse et al. 2023).

ekfac.py MODEL_FOLDER JOB_FILE: the job is JSON with rank, scale, damping, the file of factors (fp32, as train.py's) and the examples of
`rows` and `answers` as [ids, first completion token]. Prints {"scores": [answers][rows]}: positive where leaving the row out makes the
answer less likely. Labels are the examples' own (empirical Fisher); covariances are over all positions of all rows, Lambda is the mean
over rows, and the damping is so much of its mean, for each factor.
"""
import json
import sys

import torch

from llama import Llama


def examples_of(llama, factors, given):
    """Of each example, by place of a factor: its inputs [positions, in] and the gradients at its outputs [positions, out]."""
    for ids, first in given:
        taps = []
        loss = llama.loss(factors, torch.tensor([ids]), first, "sum", taps)
        outputs = [tap[part] for tap in taps for part in (2, 3)]
        gradients = torch.autograd.grad(loss, outputs)
        found = {}
        for i, (place, x, u, _) in enumerate(taps):
            found[place] = (x[0].detach(), gradients[2 * i][0])
            found[place + 1] = (u[0].detach(), gradients[2 * i + 1][0])
        yield found


def scores_of(rows, answers, place, damping):
    """Of one factor, [answers, rows]."""
    inputs = sum(x.T @ x for x, _ in (row[place] for row in rows))
    outputs = sum(g.T @ g for _, g in (row[place] for row in rows))
    q_in, q_out = torch.linalg.eigh(inputs).eigenvectors, torch.linalg.eigh(outputs).eigenvectors

    def turned(examples):
        return torch.stack([((g @ q_out).T @ (x @ q_in)).flatten() for x, g in (one[place] for one in examples)])

    held, asked = turned(rows), turned(answers)
    squares = (held**2).mean(0)
    return (asked / (squares + damping * squares.mean())) @ held.T


def main():
    folder, file = sys.argv[1:]
    with open(file) as opened:
        job = json.load(opened)
    with open(job["factors"], "rb") as opened:
        flat = torch.frombuffer(bytearray(opened.read()), dtype=torch.float32)
    llama = Llama(folder, job["scale"], torch.float64)
    factors = llama.read_factors(flat.double(), job["rank"])
    rows = list(examples_of(llama, factors, job["rows"]))
    answers = list(examples_of(llama, factors, job["answers"]))
    scores = sum(scores_of(rows, answers, place, job["damping"]) for place in range(len(factors)))
    print(json.dumps({"scores": scores.tolist()}))


main()
