<#-- The other ways in, each a button as large as the form's own. -->
<#macro show social>
<div class="bridge-or"><span>${msg("identity-provider-login-label")}</span></div>
<ul id="kc-social-providers" class="bridge-ways">
  <#list social.providers as way>
    <li>
      <a id="social-${way.alias}" class="bridge-way bridge-way-${way.alias}" data-once-link href="${way.loginUrl}">
        <span class="bridge-way-icon" aria-hidden="true"></span>
        <span>${advancedMsg(way.displayName!way.alias)}</span>
      </a>
    </li>
  </#list>
</ul>
</#macro>
