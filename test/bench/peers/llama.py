"""A Llama with LoRA factors on all seven linears, in plain PyTorch: what train.py and others measure."""
import json
import struct

import torch
import torch.nn.functional as F

LINEARS = [
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
]  # fmt: skip
DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}


def read_safetensors(path, dtype):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, info in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in info["data_offsets"])
        flat = torch.frombuffer(bytearray(data[start:end]), dtype=DTYPES[info["dtype"]])
        tensors[name] = flat.to(dtype).reshape(info["shape"])
    return tensors


class Llama:
    """Weights of a Hugging Face folder in one dtype. Its methods are functions of the factors: a list of A [rank, in] and
    B [out, rank] in turn, layer by layer, q, k, v, o, gate, up, down."""

    def __init__(self, folder, scale, dtype=torch.float32):
        with open(f"{folder}/config.json") as file:
            self.config = json.load(file)
        self.dtype, self.scale = dtype, scale
        # Of angles and losses: fp32 at least.
        self.wide = torch.promote_types(dtype, torch.float32)
        self.weights = read_safetensors(f"{folder}/model.safetensors", dtype)
        self.names = [
            f"model.layers.{layer}.{linear}" for layer in range(self.config["num_hidden_layers"]) for linear in LINEARS
        ]
        self.places = {name: 2 * place for place, name in enumerate(self.names)}

    def factor_shapes(self, rank):
        for name in self.names:
            outs, ins = self.weights[f"{name}.weight"].shape
            yield (rank, ins)
            yield (outs, rank)

    def read_factors(self, flat, rank):
        factors, at = [], 0
        for shape in self.factor_shapes(rank):
            count = shape[0] * shape[1]
            factors.append(flat[at : at + count].reshape(shape).clone().requires_grad_())
            at += count
        assert at == len(flat), "the factors do not fit the model"
        return factors

    def linear(self, x, name, factors, taps):
        place = self.places[name]
        a, b = factors[place].to(self.dtype), factors[place + 1].to(self.dtype)
        u = F.linear(x, a)
        up = F.linear(u, b)
        if taps is not None:
            taps.append((place, x, u, up))
        return F.linear(x, self.weights[f"{name}.weight"]) + self.scale * up

    def norm(self, x, name):
        return F.rms_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.config["rms_norm_eps"])

    def rotations(self, length):
        size, wide = self.config["head_dim"], self.wide
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, size, 2, dtype=wide) / size)
        angles = torch.outer(torch.arange(length, dtype=wide), frequencies)
        angles = torch.cat((angles, angles), -1)
        return angles.cos().to(self.dtype), angles.sin().to(self.dtype)

    def attention(self, x, name, rotations, factors, taps):
        batch, length, _ = x.shape
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        cos, sin = rotations

        def split(which, count):
            return self.linear(x, f"{name}.{which}", factors, taps).view(batch, length, count, -1).transpose(1, 2)

        def rotate(v):
            half = v.shape[-1] // 2
            return v * cos + torch.cat((-v[..., half:], v[..., :half]), -1) * sin

        q, k, v = rotate(split("q_proj", heads)), rotate(split("k_proj", groups)), split("v_proj", groups)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != groups)
        return self.linear(mixed.transpose(1, 2).reshape(batch, length, -1), f"{name}.o_proj", factors, taps)

    def hidden(self, ids, factors, taps=None):
        x = self.weights["model.embed_tokens.weight"][ids]
        rotations = self.rotations(ids.shape[1])
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            y = self.norm(x, f"{name}.input_layernorm")
            x = x + self.attention(y, f"{name}.self_attn", rotations, factors, taps)
            y = self.norm(x, f"{name}.post_attention_layernorm")
            gate = F.silu(self.linear(y, f"{name}.mlp.gate_proj", factors, taps))
            y = gate * self.linear(y, f"{name}.mlp.up_proj", factors, taps)
            x = x + self.linear(y, f"{name}.mlp.down_proj", factors, taps)
        return self.norm(x, "model.norm")

    def loss(self, factors, ids, first, reduction="mean", taps=None):
        # Only positions that predict a target reach the output matrix.
        hidden = self.hidden(ids, factors, taps)[:, first - 1 : -1]
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        logits = F.linear(hidden, head).flatten(0, 1).to(self.wide)
        return F.cross_entropy(logits, ids[:, first:].flatten(), reduction=reduction)
