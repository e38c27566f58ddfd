<?php
// phpCAS as its manual has it; the server's addresses are set, for it would assume https.
require 'CAS.php';

$cas = getenv('CAS_URL');
$version = getenv('CAS_VERSION') === 'saml' ? SAML_VERSION_1_1 : CAS_VERSION_3_0;
phpCAS::client($version, 'localhost', 1, '/cas', getenv('APP_URL'));
phpCAS::setServerLoginURL("$cas/login?service=" . urlencode(getenv('APP_URL') . '/'));
phpCAS::setServerServiceValidateURL("$cas/p3/serviceValidate");
phpCAS::setServerSamlValidateURL("$cas/samlValidate");
phpCAS::setNoCasServerValidation();
phpCAS::handleLogoutRequests(false);
phpCAS::forceAuthentication();
header('Content-Type: application/json');
echo json_encode(['user' => phpCAS::getUser(), 'attributes' => phpCAS::getAttributes()]);
