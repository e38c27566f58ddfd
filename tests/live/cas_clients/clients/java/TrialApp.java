// The Java CAS client in an embedded Jetty, configured as its manual says: TrialApp CAS URL PORT MODE

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Map;
import org.apereo.cas.client.authentication.AuthenticationFilter;
import org.apereo.cas.client.authentication.AttributePrincipal;
import org.apereo.cas.client.authentication.Saml11AuthenticationFilter;
import org.apereo.cas.client.session.SingleSignOutFilter;
import org.apereo.cas.client.session.SingleSignOutHttpSessionListener;
import org.apereo.cas.client.util.HttpServletRequestWrapperFilter;
import org.apereo.cas.client.validation.Cas30ProxyReceivingTicketValidationFilter;
import org.apereo.cas.client.validation.Saml11TicketValidationFilter;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

public class TrialApp {
    public static class Who extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse answer) throws IOException {
            AttributePrincipal who = (AttributePrincipal) request.getUserPrincipal();
            answer.setContentType("text/plain;charset=utf-8");
            answer.getWriter().print(who.getName() + " " + who.getAttributes().get("roles"));
        }
    }

    public static void main(String[] args) throws Exception {
        String cas = args[0], url = args[1];
        boolean saml = args[3].equals("saml");
        Server server = new Server(Integer.parseInt(args[2]));
        ServletContextHandler context = new ServletContextHandler(ServletContextHandler.SESSIONS);
        Map<String, String> both = Map.of("casServerUrlPrefix", cas, "serverName", url);
        String artifact = saml ? "SAMLart" : "ticket";
        add(context, new SingleSignOutFilter(), Map.of("artifactParameterName", artifact));
        context.addEventListener(new SingleSignOutHttpSessionListener());
        Filter first = saml ? new Saml11AuthenticationFilter() : new AuthenticationFilter();
        add(context, first, Map.of("casServerLoginUrl", cas + "/login", "serverName", url));
        add(context, saml ? new Saml11TicketValidationFilter() : new Cas30ProxyReceivingTicketValidationFilter(), both);
        add(context, new HttpServletRequestWrapperFilter(), Map.of());
        context.addServlet(new ServletHolder(new Who()), "/*");
        server.setHandler(context);
        server.start();
        server.join();
    }

    private static void add(ServletContextHandler context, Filter filter, Map<String, String> settings) {
        FilterHolder holder = new FilterHolder(filter);
        holder.setInitParameters(settings);
        context.addFilter(holder, "/*", EnumSet.of(DispatcherType.REQUEST));
    }
}
