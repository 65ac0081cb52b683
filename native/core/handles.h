// What the C interface's opaque handles are.
#pragma once
#include "core/job.h"
#include "core/model.h"
#include "core/session.h"
#include "train/train.h"

struct ol_model {
  std::shared_ptr<const ol::model> held;
};
struct ol_adapter {
  std::shared_ptr<const ol::adapter> held;
};
struct ol_trainer {
  std::shared_ptr<ol::trainer> held;
};
struct ol_session {
  std::shared_ptr<ol::session> held;
};
struct ol_job {
  explicit ol_job(std::shared_ptr<ol::session> session) : held(std::move(session)) {}
  ol::job held;
};
