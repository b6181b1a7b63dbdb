package io.fullbore.http;

import io.vertx.core.Vertx;
import io.vertx.core.net.KeyCertOptions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

/**
 * Tells whether a certificate and a private key belong together, which Java itself finds out only
 * when the first client fails to connect: signs something with the one and verifies it with the
 * other. Used by {@link TlsFiles} on worker threads.
 */
final class CertificateCheck {
  /** Key types by the names that {@link X509KeyManager} gives them. */
  private static final String[] KEY_TYPES = {"EC", "RSA", "RSASSA-PSS", "EdDSA"};

  private static final byte[] PROBE = {1, 2, 3};

  private CertificateCheck() {}

  /** Empty where all is well. */
  static Optional<String> fault(Vertx vertx, KeyCertOptions options) {
    try {
      for (KeyManager manager : options.getKeyManagerFactory(vertx).getKeyManagers()) {
        if (manager instanceof X509KeyManager keys) {
          return fault(keys);
        }
      }
      return Optional.of("no X.509 certificate");
    } catch (Exception e) { // whatever the parsers of certificates and keys throw
      return Optional.of(e.toString());
    }
  }

  private static Optional<String> fault(X509KeyManager keys) throws GeneralSecurityException {
    Optional<String> alias =
        Arrays.stream(KEY_TYPES)
            .map(type -> keys.getServerAliases(type, null))
            .filter(aliases -> aliases != null && aliases.length > 0)
            .map(aliases -> aliases[0])
            .findFirst();
    if (alias.isEmpty()) {
      return Optional.of("no certificate with a key of type " + String.join(", ", KEY_TYPES));
    }
    PublicKey publicKey = keys.getCertificateChain(alias.get())[0].getPublicKey();
    PrivateKey privateKey = keys.getPrivateKey(alias.get());
    return privateKey.getAlgorithm().equals(publicKey.getAlgorithm())
            && belongTogether(privateKey, publicKey)
        ? Optional.empty()
        : Optional.of("the key is not the certificate's");
  }

  private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm(privateKey));
    signature.initSign(privateKey);
    signature.update(PROBE);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(PROBE);
    return signature.verify(signed);
  }

  private static String algorithm(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> key.getAlgorithm();
    };
  }
}
