{
  "targets": [
    {
      "target_name": "openledger",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["native/CMakeLists.txt"],
          "outputs": ["native/build/openledger.node"],
          "action": ["node", "native/build.mjs"]
        }
      ]
    }
  ]
}
