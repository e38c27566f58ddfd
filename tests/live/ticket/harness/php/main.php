<?php
// Lines in: kind, token, service, state, separated by tabs. Lines out: "ok <subject>" or "refused".

require __DIR__ . '/BridgeTokens.php';

[, $issuer, $audience, $algorithm, $file] = $argv;
$cached = $algorithm === 'HS256' ? '' : file_get_contents($file);
$seen = [];
$keys = function (bool $fresh) use (&$cached, $file): array {
    if ($fresh) {
        $cached = file_get_contents($file);
    }
    return json_decode($cached, true);
};
$firstUse = function (string $jti) use (&$seen): bool {
    $first = !isset($seen[$jti]);
    $seen[$jti] = true;
    return $first;
};
$secret = $algorithm === 'HS256' ? file_get_contents($file) : '';
$bridge = new BridgeTokens($issuer, $audience, $keys, $firstUse, $algorithm, $secret);
set_error_handler(function (int $level, string $message): bool {
    throw new ErrorException($message);
});

while (($line = fgets(STDIN)) !== false) {
    [$kind, $token, $service, $state] = explode("\t", rtrim($line, "\n"));
    try {
        $claims = $kind === 'ticket' ? $bridge->ticket($token, $service, $state) : $bridge->$kind($token);
        echo "ok {$claims['sub']}\n";
    } catch (TokenRefused $refused) {
        echo "refused\n";
    }
}
