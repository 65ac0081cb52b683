// P256VERIFY (EIP-7951) by the OpenSSL inside Node, which exports it to addons. Every function is looked up when the
// first signature comes, so that a Node built without one of them loses this operation and nothing else.
#if defined(_WIN32)
#include <windows.h>
#else
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // RTLD_DEFAULT
#endif
#include <dlfcn.h>
#endif

#include <cstring>
#include <memory>

#include "operations.h"

namespace ol_crypto {
namespace {

// OpenSSL's types, known here only as pointers.
struct BIGNUM;
struct BN_CTX;
struct EC_GROUP;
struct EC_KEY;
struct EC_POINT;
struct ECDSA_SIG;

constexpr int NID_X9_62_prime256v1 = 415;

constexpr uint8_t FIELD[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
                               0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void* symbol(const char* name) {
#if defined(_WIN32)
  return reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), name));
#else
  return dlsym(RTLD_DEFAULT, name);
#endif
}

struct Library {
  const char* missing = nullptr;
  template <typename F>
  struct Function {
    F* call;
    Function(Library* library, const char* name) : call(reinterpret_cast<F*>(symbol(name))) {
      if (call == nullptr && library->missing == nullptr) library->missing = name;
    }
  };
#define OL_FUNCTION(name, type) Function<type> name{this, #name}
  OL_FUNCTION(BN_bin2bn, BIGNUM*(const unsigned char*, int, BIGNUM*));
  OL_FUNCTION(BN_free, void(BIGNUM*));
  OL_FUNCTION(BN_new, BIGNUM*());
  OL_FUNCTION(BN_CTX_free, void(BN_CTX*));
  OL_FUNCTION(BN_CTX_new, BN_CTX*());
  OL_FUNCTION(EC_KEY_free, void(EC_KEY*));
  OL_FUNCTION(EC_KEY_get0_group, const EC_GROUP*(const EC_KEY*));
  OL_FUNCTION(EC_KEY_new_by_curve_name, EC_KEY*(int));
  OL_FUNCTION(EC_KEY_set_public_key, int(EC_KEY*, const EC_POINT*));
  OL_FUNCTION(EC_POINT_free, void(EC_POINT*));
  OL_FUNCTION(EC_POINT_new, EC_POINT*(const EC_GROUP*));
  OL_FUNCTION(EC_POINT_set_affine_coordinates,
              int(const EC_GROUP*, EC_POINT*, const BIGNUM*, const BIGNUM*, BN_CTX*));
  OL_FUNCTION(ECDSA_SIG_free, void(ECDSA_SIG*));
  OL_FUNCTION(ECDSA_SIG_new, ECDSA_SIG*());
  OL_FUNCTION(ECDSA_SIG_set0, int(ECDSA_SIG*, BIGNUM*, BIGNUM*));
  OL_FUNCTION(ECDSA_do_verify, int(const unsigned char*, int, const ECDSA_SIG*, EC_KEY*));
  OL_FUNCTION(ERR_pop_to_mark, int());
  OL_FUNCTION(ERR_set_mark, int());
#undef OL_FUNCTION
};

const Library& library() {
  static const Library found;
  return found;
}

template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

// What a thread keeps between signatures: making a key of a named curve costs more than half a verification.
struct Verifier {
  const Library& ssl = library();
  Owned<BN_CTX> context{ssl.BN_CTX_new.call(), ssl.BN_CTX_free.call};
  Owned<EC_KEY> key{ssl.EC_KEY_new_by_curve_name.call(NID_X9_62_prime256v1), ssl.EC_KEY_free.call};
  Owned<BIGNUM> x{ssl.BN_new.call(), ssl.BN_free.call};
  Owned<BIGNUM> y{ssl.BN_new.call(), ssl.BN_free.call};
  Owned<ECDSA_SIG> signature{ssl.ECDSA_SIG_new.call(), ssl.ECDSA_SIG_free.call};
  Owned<EC_POINT> point{key ? ssl.EC_POINT_new.call(ssl.EC_KEY_get0_group.call(key.get())) : nullptr,
                        ssl.EC_POINT_free.call};
  BIGNUM* r = nullptr;  // owned by `signature`
  BIGNUM* s = nullptr;
  bool ready = false;

  Verifier() {
    r = ssl.BN_new.call();
    s = ssl.BN_new.call();
    ready = context && key && x && y && signature && point && r && s &&
            ssl.ECDSA_SIG_set0.call(signature.get(), r, s) == 1;
  }

  // Ranges of r and s, and the signature itself, are ECDSA_do_verify's; x and y must be below the field's modulus
  // and on the curve, which leaves out infinity.
  bool verify(const uint8_t* digest, const uint8_t* rs, const uint8_t* xy) {
    if (std::memcmp(xy, FIELD, 32) >= 0 || std::memcmp(xy + 32, FIELD, 32) >= 0) return false;
    const EC_GROUP* const group = ssl.EC_KEY_get0_group.call(key.get());
    ssl.BN_bin2bn.call(rs, 32, r);
    ssl.BN_bin2bn.call(rs + 32, 32, s);
    ssl.BN_bin2bn.call(xy, 32, x.get());
    ssl.BN_bin2bn.call(xy + 32, 32, y.get());
    return ssl.EC_POINT_set_affine_coordinates.call(group, point.get(), x.get(), y.get(), context.get()) == 1 &&
           ssl.EC_KEY_set_public_key.call(key.get(), point.get()) == 1 &&
           ssl.ECDSA_do_verify.call(digest, 32, signature.get(), key.get()) == 1;
  }
};

Verifier& verifier() {
  static thread_local Verifier own;
  return own;
}

}  // namespace

const char* p256_missing() {
  const Library& ssl = library();
  if (ssl.missing != nullptr) return ssl.missing;
  return verifier().ready ? nullptr : "P-256 is not offered by this OpenSSL";
}

uint8_t p256_verify(const uint8_t* input) {
  const Library& ssl = library();
  // A refused signature leaves a note in the thread's error list, which Node's own crypto would find there.
  ssl.ERR_set_mark.call();
  const bool valid = verifier().verify(input, input + 32, input + 96);
  ssl.ERR_pop_to_mark.call();
  return valid ? 1 : 0;
}

}  // namespace ol_crypto
