<#-- Below every form: what to do when none of the ways in works. -->
<#macro content>
<div class="bridge-help">
  <#if realm.name == "residents">
    <p>${msg("bridgeHelpResidents")}</p>
    <#if msg("bridgeActivationUrl") != "bridgeActivationUrl">
      <p><a id="bridge-activate" href="${msg("bridgeActivationUrl")}">${msg("bridgeHaveActivationCode")}</a></p>
    </#if>
  <#else>
    <p>${msg("bridgeHelpWorkers")}</p>
  </#if>
  <p class="bridge-never">${msg("bridgeNeverAsk")}</p>
</div>
</#macro>
