package baoan.doorplates;

import java.util.Map;
import java.util.TreeSet;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/** The police doorplate portal: everybody with a role reads, editors edit. */
@SpringBootApplication
@RestController
public class Doorplates {

    public static void main(String[] arguments) {
        SpringApplication.run(Doorplates.class, arguments);
    }

    @GetMapping(path = "/", produces = "text/html;charset=utf-8")
    String home(@AuthenticationPrincipal OidcUser who) {
        return "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>门楼牌</title><h1>您好，"
            + HtmlUtils.htmlEscape(who.getFullName()) + "</h1>";
    }

    @GetMapping("/whoami")
    Map<String, Object> whoami(@AuthenticationPrincipal OidcUser who) {
        return Map.of(
            "issuer", who.getIssuer().toString(),
            "subject", who.getSubject(),
            "name", who.getFullName(),
            "roles", new TreeSet<>(Roles.of(who.getIdToken())),
            "acr", who.getAuthenticationContextClass());
    }

    @GetMapping("/plates/edit")
    Map<String, String> edit() {
        return Map.of("plate", "共乐路 18 号");
    }

    @GetMapping("/signed-out")
    Map<String, String> signedOut() {
        return Map.of("signed", "out");
    }

    @GetMapping("/healthz")
    Map<String, Boolean> healthy() {
        return Map.of("ready", true);
    }
}
