"""fp32 matrix products per second with torch: gemm.py THREADS M N K REPEAT, prints {"gflops": ...}."""
import json
import sys
import time

import torch

threads, m, n, k, repeat = map(int, sys.argv[1:])
torch.set_num_threads(threads)
a, b = torch.randn(m, k), torch.randn(k, n)
times = []
for _ in range(6):
    start = time.perf_counter()
    for _ in range(repeat):
        torch.matmul(a, b)
    times.append(time.perf_counter() - start)
median = sorted(times[1:])[2]
print(json.dumps({"gflops": 2 * m * n * k * repeat / median / 1e9}))
