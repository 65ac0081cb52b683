"""EK-FAC influence by kronfluence: factors from the rows, then the scores of all rows for some questions.

influence.py THREADS MODEL_FOLDER JOB_FILE: the job is JSON with rank, scale, rows and questions of token ids (all of one length), the
first completion token and a file of factors (as train.py's). Each line of standard input is a question, each line of output its
answer, both JSON: {"do": "score", "file"} -> {"seconds"}, the processor's for one thread; the scores [questions, rows] are in the file,
fp32. What can't be done is answered by {"error"}.
"""
import json
import os
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task

from llama import Llama

TRAIN_BATCH, QUERY_BATCH = 64, 4


class Adapted(torch.nn.Module):
    """The model with its factors as linear modules, which kronfluence follows."""

    def __init__(self, llama, factors):
        super().__init__()
        self.llama = llama
        llama.linear = self.linear
        self.pairs = torch.nn.ModuleDict()
        for i, name in enumerate(llama.names):
            a, b = factors[2 * i], factors[2 * i + 1]
            down, up = torch.nn.Linear(*reversed(a.shape), bias=False), torch.nn.Linear(*reversed(b.shape), bias=False)
            down.weight.data.copy_(a.detach())
            up.weight.data.copy_(b.detach())
            self.pairs[name.replace(".", "/")] = torch.nn.Sequential(down, up)

    def linear(self, x, name, _factors, _taps):
        return F.linear(x, self.llama.weights[f"{name}.weight"]) + self.llama.scale * self.pairs[name.replace(".", "/")](x)

    def forward(self, ids, first):
        return self.llama.loss(None, ids, first, "sum")


class Completion(Task):
    def __init__(self, first, modules):
        super().__init__()
        self.first, self.modules = first, modules

    def compute_train_loss(self, batch, model, sample=False):
        assert not sample
        return model(batch, self.first)

    def compute_measurement(self, batch, model):
        return model(batch, self.first)

    def get_influence_tracked_modules(self):
        return self.modules

    def get_attention_mask(self, batch):
        return None


class Peer:
    def __init__(self, threads, folder, job_file):
        torch.set_num_threads(threads)
        self.clock = time.process_time if threads == 1 else time.perf_counter
        with open(job_file) as file:
            job = json.load(file)
        with open(job["factors"], "rb") as file:
            flat = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        llama = Llama(folder, job["scale"])
        model = Adapted(llama, llama.read_factors(flat, job["rank"]))
        modules = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
        self.task = Completion(job["completionStart"], modules)
        self.model = prepare_model(model, self.task)
        self.rows, self.questions = torch.tensor(job["rows"]), torch.tensor(job["questions"])
        self.damping = job["damping"]

    def score(self, file):
        with tempfile.TemporaryDirectory() as folder:
            analyzer = Analyzer("bench", self.model, self.task, cpu=True, output_dir=folder, disable_tqdm=True)
            start = self.clock()
            # True labels, as ours; damping None: a tenth of the mean eigenvalue.
            analyzer.fit_all_factors(
                "factors", self.rows, per_device_batch_size=TRAIN_BATCH,
                factor_args=FactorArguments(strategy="ekfac", use_empirical_fisher=True),
            )  # fmt: skip
            analyzer.compute_pairwise_scores(
                "scores", "factors", self.questions, self.rows, per_device_query_batch_size=QUERY_BATCH,
                per_device_train_batch_size=TRAIN_BATCH, score_args=ScoreArguments(damping_factor=self.damping),
            )  # fmt: skip
            scores = analyzer.load_pairwise_scores("scores")["all_modules"]
            seconds = self.clock() - start
        with open(file, "wb") as opened:
            opened.write(scores.float().contiguous().numpy().tobytes())
        return {"seconds": seconds}


def main():
    # The answers' own way out: libraries write to standard output too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = Peer(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(peer, question.pop("do"))(**question)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: " + " ".join(str(error).split())[:300]}
        print(json.dumps(answer), file=answers, flush=True)


main()
