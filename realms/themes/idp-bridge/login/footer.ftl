<#-- Below every form: what to do when none of the ways in works. Whoever may have an activation
     code is told where it comes from; everybody else has an administrator. -->
<#macro content>
<div class="bridge-help">
  <#if msg("bridgeActivationUrl") != "bridgeActivationUrl">
    <p>${msg("bridgeHelpResidents")}</p>
    <p><a id="bridge-activate" href="${msg("bridgeActivationUrl")}">${msg("bridgeHaveActivationCode")}</a></p>
  <#else>
    <p>${msg("bridgeHelpWorkers")}</p>
  </#if>
  <p class="bridge-never">${msg("bridgeNeverAsk")}</p>
</div>
</#macro>
