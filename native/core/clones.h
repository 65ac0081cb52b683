// Functions that are compiled once for each of several instruction sets; which one runs is chosen when the library is loaded.
//
// For loops whose elements have nothing to do with each other, or whole numbers: there every set gives the same bytes.
#pragma once

// Clones are chosen by an ifunc, which glibc has and musl has not; before the thread sanitizer is ready, which it would call.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#define OL_CLONES(...) __attribute__((target_clones(__VA_ARGS__)))
#else
#define OL_CLONES(...)
#endif
