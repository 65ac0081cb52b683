// What a program says of something that is not as it should be; its exit status is 1 then.
#pragma once
#include <cstdio>

static int wrong = 0;

static void expect(bool holds, const char* what) {
  if (holds) return;
  ++wrong;
  std::printf("WRONG: %s\n", what);
}
