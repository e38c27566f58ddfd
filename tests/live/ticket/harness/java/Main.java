import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;

/** Lines in: kind, token, service, state, separated by tabs. Lines out: "ok subject" or "refused". */
public final class Main {
    public static void main(String[] args) throws Exception {
        var file = Path.of(args[3]);
        var seen = new HashSet<String>();
        var algorithm = JWSAlgorithm.parse(args[2]);
        JWKSource<SecurityContext> keys = algorithm == JWSAlgorithm.HS256
                ? BridgeTokens.secret(Files.readString(file))
                : cached(file);
        var bridge = new BridgeTokens(args[0], args[1], algorithm, keys, (jti, expires) -> seen.add(jti));
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            var said = line.split("\t", -1);
            try {
                var claims = switch (said[0]) {
                    case "ticket" -> bridge.ticket(said[1], said[2], said[3]);
                    case "identity" -> bridge.identity(said[1]);
                    default -> bridge.logout(said[1]);
                };
                System.out.println("ok " + claims.getSubject());
            } catch (BridgeTokens.Refused refused) {
                System.out.println("refused");
            }
        }
    }

    /** As Nimbus' own source does with an address: read again when a key is not known. */
    private static JWKSource<SecurityContext> cached(Path file) throws Exception {
        var held = new JWKSet[] {JWKSet.parse(Files.readString(file))};
        return (selector, context) -> {
            var found = selector.select(held[0]);
            if (found.isEmpty()) {
                try {
                    held[0] = JWKSet.parse(Files.readString(file));
                } catch (Exception error) {
                    throw new IllegalStateException(error);
                }
                found = selector.select(held[0]);
            }
            return found;
        };
    }
}
