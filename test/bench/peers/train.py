"""LoRA fine-tuning of a Llama in plain eager PyTorch, fp32, on as many threads as the other side.

train.py THREADS MODEL_FOLDER JOB_FILE RUNS: the job is JSON with rank, scale, learning rate, batches of token ids,
the first completion token and a file of starting factors (fp32; per layer q, k, v, o, gate, up, down: A [rank, in],
then B [out, rank]). Prints {"seconds", "firstLoss", "lastLoss"}: median seconds of all steps (of the
processor for one thread), mean losses per target.
"""
import json
import struct
import sys
import time

import torch
import torch.nn.functional as F

LINEARS = [
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
]  # fmt: skip
DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, info in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in info["data_offsets"])
        flat = torch.frombuffer(bytearray(data[start:end]), dtype=DTYPES[info["dtype"]])
        tensors[name] = flat.to(torch.float32).reshape(info["shape"])
    return tensors


class Llama:
    def __init__(self, folder, rank, scale, factors):
        with open(f"{folder}/config.json") as file:
            self.config = json.load(file)
        self.weights = read_safetensors(f"{folder}/model.safetensors")
        self.scale = scale
        self.factors = {}
        at = 0
        for layer in range(self.config["num_hidden_layers"]):
            for linear in LINEARS:
                name = f"model.layers.{layer}.{linear}"
                outs, ins = self.weights[f"{name}.weight"].shape
                pair = []
                for shape in ((rank, ins), (outs, rank)):
                    count = shape[0] * shape[1]
                    pair.append(factors[at : at + count].reshape(shape).clone().requires_grad_())
                    at += count
                self.factors[name] = pair
        assert at == len(factors), "the factors do not fit the model"

    def parameters(self):
        return [factor for pair in self.factors.values() for factor in pair]

    def linear(self, x, name):
        a, b = self.factors[name]
        return F.linear(x, self.weights[f"{name}.weight"]) + self.scale * F.linear(F.linear(x, a), b)

    def norm(self, x, name):
        return F.rms_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.config["rms_norm_eps"])

    def rotations(self, length):
        size = self.config["head_dim"]
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
        angles = torch.outer(torch.arange(length, dtype=torch.float32), frequencies)
        angles = torch.cat((angles, angles), -1)
        return angles.cos(), angles.sin()

    def attention(self, x, name, cos, sin):
        batch, length, _ = x.shape
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]

        def split(which, count):
            return self.linear(x, f"{name}.{which}").view(batch, length, count, -1).transpose(1, 2)

        def rotate(v):
            half = v.shape[-1] // 2
            return v * cos + torch.cat((-v[..., half:], v[..., :half]), -1) * sin

        q, k, v = rotate(split("q_proj", heads)), rotate(split("k_proj", groups)), split("v_proj", groups)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != groups)
        return self.linear(mixed.transpose(1, 2).reshape(batch, length, -1), f"{name}.o_proj")

    def hidden(self, ids):
        x = self.weights["model.embed_tokens.weight"][ids]
        cos, sin = self.rotations(ids.shape[1])
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            x = x + self.attention(self.norm(x, f"{name}.input_layernorm"), f"{name}.self_attn", cos, sin)
            y = self.norm(x, f"{name}.post_attention_layernorm")
            gated = F.silu(self.linear(y, f"{name}.mlp.gate_proj")) * self.linear(y, f"{name}.mlp.up_proj")
            x = x + self.linear(gated, f"{name}.mlp.down_proj")
        return self.norm(x, "model.norm")

    def loss(self, ids, first):
        # Only positions that predict a target reach the output matrix.
        hidden = self.hidden(ids)[:, first - 1 : -1]
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return F.cross_entropy(F.linear(hidden, head).flatten(0, 1), ids[:, first:].flatten())


def train(folder, job, factors):
    model = Llama(folder, job["rank"], job["scale"], factors)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=job["learningRate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0
    )
    losses = []
    batches = [torch.tensor(batch, dtype=torch.long) for batch in job["batches"]]
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    for ids in batches:
        optimizer.zero_grad(set_to_none=True)
        loss = model.loss(ids, job["completionStart"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), job["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return clock() - start, losses


def main():
    threads, folder, job_file, runs = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    torch.set_num_threads(threads)
    with open(job_file) as file:
        job = json.load(file)
    with open(job["factors"], "rb") as file:
        factors = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    train(folder, job, factors)
    results = [train(folder, job, factors) for _ in range(runs)]
    seconds = sorted(seconds for seconds, _ in results)[runs // 2]
    losses = results[0][1]
    print(json.dumps({"seconds": seconds, "firstLoss": losses[0], "lastLoss": losses[-1]}))


main()
