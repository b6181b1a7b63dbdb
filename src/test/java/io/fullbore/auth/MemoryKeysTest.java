package io.fullbore.auth;

class MemoryKeysTest extends KeyStoreContract {
  @Override
  KeyHome home() {
    return new MemoryKeys();
  }
}
