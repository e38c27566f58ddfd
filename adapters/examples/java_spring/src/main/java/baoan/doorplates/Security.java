package baoan.doorplates;

import jakarta.servlet.DispatcherType;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.oauth2.client.OidcBackChannelLogoutHandler;
import org.springframework.security.oauth2.client.oidc.session.InMemoryOidcSessionRegistry;
import org.springframework.security.oauth2.client.oidc.session.OidcSessionRegistry;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.web.SecurityFilterChain;

/** Sign-in, roles and both logouts, by Spring Security's own means. */
@Configuration
class Security {

    @Bean
    OidcSessionRegistry sessions() {
        return new InMemoryOidcSessionRegistry();
    }

    @Bean
    SecurityFilterChain chain(
            HttpSecurity http,
            ClientRegistrationRepository clients,
            OidcSessionRegistry sessions,
            @Value("${app.url}") String url,
            @Value("${app.required-acr}") String requiredAcr,
            @Value("${server.servlet.session.cookie.name}") String cookie) throws Exception {
        var signedOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
        signedOut.setPostLogoutRedirectUri(url + "/signed-out");
        // Spring ends a session by asking itself with that session's cookie, so it has to know its name.
        var ended = new OidcBackChannelLogoutHandler(sessions);
        ended.setSessionCookieName(cookie);
        ended.setLogoutUri(url + "/logout/connect/back-channel/{registrationId}");
        return http
            .authorizeHttpRequests(page -> page
                .dispatcherTypeMatchers(DispatcherType.ERROR).permitAll()
                .requestMatchers("/healthz", "/signed-out").permitAll()
                .requestMatchers("/plates/edit").hasRole("editor")
                .anyRequest().hasAnyRole("reader", "editor"))
            .oauth2Login(login -> login
                .userInfoEndpoint(user -> user.userAuthoritiesMapper(new Roles(requiredAcr))))
            .oidcLogout(logout -> logout
                .oidcSessionRegistry(sessions)
                .backChannel(call -> call.logoutHandler(ended)))
            .logout(logout -> logout.logoutSuccessHandler(signedOut))
            .build();
    }
}
