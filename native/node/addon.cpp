#include "addon.h"

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  ol_node::add_models(env, exports);
  ol_node::add_files(env, exports);
  ol_node::add_jobs(env, exports);
  ol_node::add_influence(env, exports);
  ol_node::add_engine(env, exports);
  ol_node::add_crypto(env, exports);
  ol_node::add_spans(env, exports);
  ol_node::add_sketches(env, exports);
  return exports;
}

NODE_API_MODULE(openledger, init)
