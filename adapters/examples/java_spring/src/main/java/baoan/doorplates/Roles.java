package baoan.doorplates;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.core.authority.mapping.GrantedAuthoritiesMapper;
import org.springframework.security.oauth2.core.oidc.OidcIdToken;
import org.springframework.security.oauth2.core.oidc.user.OidcUserAuthority;

/** Spring's authorities are this app's own client roles in the ID token, and nothing else. */
final class Roles implements GrantedAuthoritiesMapper {

    private static final List<String> LEVELS =
        List.of("activation", "qr", "password", "mfa", "passkey");

    private final String requiredAcr;

    Roles(String requiredAcr) {
        this.requiredAcr = requiredAcr;
    }

    @Override
    public Collection<? extends GrantedAuthority> mapAuthorities(
            Collection<? extends GrantedAuthority> given) {
        return given.stream()
            .filter(OidcUserAuthority.class::isInstance)
            .map(authority -> ((OidcUserAuthority) authority).getIdToken())
            .filter(this::isSureEnough)
            .flatMap(token -> of(token).stream())
            .map(role -> new SimpleGrantedAuthority("ROLE_" + role))
            .collect(Collectors.toSet());
    }

    /** Keycloak does not enforce {@code acr}: an app that demands a level looks for itself. */
    private boolean isSureEnough(OidcIdToken token) {
        String acr = token.getAuthenticationContextClass();
        return LEVELS.contains(acr) && LEVELS.indexOf(acr) >= LEVELS.indexOf(requiredAcr);
    }

    static Set<String> of(OidcIdToken token) {
        Map<?, ?> access = map(token.getClaim("resource_access"));
        Object roles = map(access.get(token.getAudience().get(0))).get("roles");
        return roles instanceof Collection<?> texts
            ? texts.stream().map(String::valueOf).collect(Collectors.toSet())
            : Set.of();
    }

    private static Map<?, ?> map(Object claim) {
        return claim instanceof Map<?, ?> found ? found : Map.of();
    }
}
