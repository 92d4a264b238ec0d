{
  "targets": [
    {
      "target_name": "trunkroom",
      "sources": ["addon/module.cc", "addon/dtls.cc", "addon/fan.cc", "addon/lane.cc", "addon/outbox.cc", "addon/srtp.cc", "addon/udp.cc"],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17", "-O2", "-Wall", "-Wextra", "-fno-exceptions", "-fno-rtti"]
    }
  ]
}
