// Streams of the emulated device, and graphs: work is done at once, unless its stream records it.
#pragma once
#include <vector>

namespace emulate {

struct graph {
  std::vector<std::function<void()>> nodes;
};
struct stream {
  bool recording = false, broken = false;
  graph recorded;
};
// What a test may look at.
struct graph_counts {
  int recorded = 0, launched = 0, held = 0;
};
inline graph_counts graphs;

inline cudaError_t put(stream* on, std::function<void()> work) {
  if (on && on->recording) {
    on->recorded.nodes.push_back(std::move(work));
  } else {
    work();
  }
  return cudaSuccess;
}

}  // namespace emulate

using cudaStream_t = ::emulate::stream*;
using cudaGraph_t = ::emulate::graph*;
using cudaGraphExec_t = ::emulate::graph*;
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return *stream = new ::emulate::stream, cudaSuccess; }
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) { return delete stream, cudaSuccess; }
// To wait for what is only recorded breaks the recording.
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!stream || !stream->recording) return cudaSuccess;
  stream->broken = true;
  return ::emulate::device_memory.last = cudaErrorStreamCaptureUnsupported;
}
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  *stream = {};
  return stream->recording = true, cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  stream->recording = false;
  *graph = nullptr;
  if (stream->broken) return cudaErrorStreamCaptureUnsupported;
  *graph = new ::emulate::graph{std::move(stream->recorded)};
  return ++::emulate::graphs.recorded, cudaSuccess;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* run, cudaGraph_t graph, unsigned long long) {
  return ++::emulate::graphs.held, *run = new ::emulate::graph(*graph), cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t run) { return --::emulate::graphs.held, delete run, cudaSuccess; }
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t run, cudaStream_t stream) {
  ++::emulate::graphs.launched;
  for (const auto& node : run->nodes) ::emulate::put(stream, node);
  return cudaSuccess;
}
