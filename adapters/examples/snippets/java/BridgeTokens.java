import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.ImmutableSecret;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.ParseException;
import java.util.Date;
import java.util.Map;
import java.util.Set;

/**
 * Verifies what the bridge signs for one app: tickets, the identity header, logout tokens.
 * Nimbus JOSE+JWT, which Spring Security brings along.
 *
 * <pre>
 * var keys = JWKSourceBuilder.create(new URL(issuer + "/jwks")).build();   // cached, follows new keys
 * var bridge = new BridgeTokens(issuer, "my-app", JWSAlgorithm.ES256, keys, firstUse);
 * var who = bridge.ticket(request.getParameter("ticket"), service, state);
 * </pre>
 */
public final class BridgeTokens {
    private static final String LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

    /** The token proves nothing to this app. */
    public static final class Refused extends Exception {
        Refused(String reason) {
            super(reason);
        }
    }

    /** Records a jti until it expires, and whether it was not there: a unique insert. */
    public interface FirstUse {
        boolean of(String jti, Date expires);
    }

    private final String issuer;
    private final String audience;
    private final JWSAlgorithm algorithm;
    private final JWKSource<SecurityContext> keys;
    private final FirstUse firstUse;

    /** {@code algorithm} is the one the app is registered with; a token never chooses it. */
    public BridgeTokens(
            String issuer, String audience, JWSAlgorithm algorithm, JWKSource<SecurityContext> keys, FirstUse firstUse) {
        this.issuer = issuer;
        this.audience = audience;
        this.algorithm = algorithm;
        this.keys = keys;
        this.firstUse = firstUse;
    }

    /** Keys of an app that is registered with HS256. */
    public static JWKSource<SecurityContext> secret(String secret) {
        if (secret.length() < 32) {
            throw new IllegalArgumentException("HS256 needs a long secret");
        }
        return new ImmutableSecret<>(secret.getBytes(StandardCharsets.UTF_8));
    }

    public JWTClaimsSet ticket(String token, String service, String state) throws Refused {
        var claims = claims(token, "ticket+jwt", 60, algorithm, Set.of("jti"));
        if (!service.equals(claims.getClaim("service"))) {
            throw new Refused("meant for another address");
        }
        if (state == null || state.isEmpty() || !same(state, String.valueOf(claims.getClaim("state")))) {
            throw new Refused("another attempt");
        }
        if (!firstUse.of(claims.getJWTID(), claims.getExpirationTime())) {
            throw new Refused("used before");
        }
        return claims;
    }

    /** The value of X-Bridge-Identity. Always ES256, with the bridge's key. */
    public JWTClaimsSet identity(String header) throws Refused {
        return claims(header, "idpb-identity+jwt", 60, JWSAlgorithm.ES256, Set.of());
    }

    /** End every session of the app that has the claim {@code sid}. */
    public JWTClaimsSet logout(String token) throws Refused {
        var claims = claims(token, "logout+jwt", 120, algorithm, Set.of("sid", "events"));
        if (!(claims.getClaim("events") instanceof Map<?, ?> events) || !events.containsKey(LOGOUT_EVENT)) {
            throw new Refused("no logout");
        }
        return claims;
    }

    private JWTClaimsSet claims(String token, String type, int life, JWSAlgorithm signedBy, Set<String> needed)
            throws Refused {
        var required = new java.util.HashSet<>(needed);
        required.addAll(Set.of("iat", "exp", "aud"));
        var exact = new JWTClaimsSet.Builder().issuer(issuer).audience(audience).build();
        var verifier = new DefaultJWTClaimsVerifier<SecurityContext>(exact, required);
        verifier.setMaxClockSkew(10);
        var processor = new DefaultJWTProcessor<SecurityContext>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType(type)));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(signedBy, keys));
        processor.setJWTClaimsSetVerifier(verifier);
        try {
            var claims = processor.process(token, null);
            var lives = claims.getExpirationTime().getTime() - claims.getIssueTime().getTime();
            var early = claims.getIssueTime().getTime() - System.currentTimeMillis();
            if (lives > life * 1000L || early > 10_000) {
                throw new Refused("moments");
            }
            return claims;
        } catch (BadJOSEException | JOSEException | ParseException | IllegalArgumentException error) {
            throw new Refused(error.getMessage());
        }
    }

    private static boolean same(String left, String right) {
        return MessageDigest.isEqual(
                left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
    }
}
