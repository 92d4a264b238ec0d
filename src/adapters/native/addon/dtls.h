#pragma once

#include <node_api.h>

// The classes `DtlsContext` and `DtlsAssociation`, set on `exports`: see dtls.cc. Null where this Node lacks what they are made of.
void DefineDtls(napi_env env, napi_value exports);
