<#-- Something went wrong: what, and what to do about it. -->
<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
  <#if section = "header">
    ${msg("errorTitle")}
  <#elseif section = "form">
    <div id="kc-error-message" class="bridge-outcome">
      <p class="instruction">${kcSanitize(message.summary)?no_esc}</p>
      <#if !skipLink?? && client?? && client.baseUrl?has_content>
        <p><a id="backToApplication" class="${properties.kcButtonPrimaryClass} ${properties.kcButtonBlockClass}" href="${client.baseUrl}">${msg("backToApplication")}</a></p>
      <#elseif msg("bridgePortalUrl") != "bridgePortalUrl">
        <p><a id="bridge-portal" class="${properties.kcButtonPrimaryClass} ${properties.kcButtonBlockClass}" href="${msg("bridgePortalUrl")}">${msg("bridgeToPortal")}</a></p>
      </#if>
    </div>
  </#if>
</@layout.registrationLayout>
