#pragma once

// JavaScript's values, as all classes of the addon take them. Whose method is called needs no check: V8 calls none on an
// object of another class. An object that is handed over as an argument could be anything, and has the tag of its class.

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

inline napi_value Throw(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

inline napi_value Number(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

inline napi_value Boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

// The memory of a typed array of `want`, good for the call; false when `value` is none.
template <typename T>
bool Memory(napi_env env, napi_value value, napi_typedarray_type want, T** data, size_t* length) {
  napi_typedarray_type type;
  void* start = nullptr;
  if (napi_get_typedarray_info(env, value, &type, length, &start, nullptr, nullptr) != napi_ok || type != want) {
    return false;
  }
  *data = static_cast<T*>(start);
  return true;
}

inline bool Bytes(napi_env env, napi_value value, uint8_t** bytes, size_t* length) {
  return Memory(env, value, napi_uint8_array, bytes, length);
}

// Whose method was called, and with what; null, and an exception, when `want` arguments are not there.
template <typename T>
T* Receiver(napi_env env, napi_callback_info info, size_t want, napi_value* args) {
  napi_value self = nullptr;
  size_t count = want;
  void* receiver = nullptr;
  if (napi_get_cb_info(env, info, &count, args, &self, nullptr) != napi_ok || count < want ||
      napi_unwrap(env, self, &receiver) != napi_ok) {
    Throw(env, "too few arguments");
    return nullptr;
  }
  return static_cast<T*>(receiver);
}

// Gives `self` what it stands for, and the tag by which `Tagged` knows it.
inline bool WrapTagged(napi_env env, napi_value self, void* data, napi_finalize finalize, const napi_type_tag* tag) {
  return napi_type_tag_object(env, self, tag) == napi_ok &&
         napi_wrap(env, self, data, finalize, nullptr, nullptr) == napi_ok;
}

// What an object with this tag stands for; null when `value` is none.
template <typename T>
T* Tagged(napi_env env, napi_value value, const napi_type_tag* tag) {
  bool is = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, value, tag, &is) != napi_ok || !is || napi_unwrap(env, value, &data) != napi_ok) {
    return nullptr;
  }
  return static_cast<T*>(data);
}
