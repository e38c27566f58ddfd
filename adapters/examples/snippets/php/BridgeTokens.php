<?php
// Verifies what the bridge signs for one app: tickets, the identity header, logout tokens.
// PHP 7.4 or newer with its own openssl extension; nothing else.
//
//   $bridge = new BridgeTokens($issuer, 'my-app', $keys, $firstUse);
//   $who = $bridge->ticket($_POST['ticket'], $service, $_SESSION['state']);

declare(strict_types=1);

final class TokenRefused extends RuntimeException {}

final class BridgeTokens
{
    private const LEEWAY = 10;
    private const KEY_TYPES = ['ES256' => 'EC', 'RS256' => 'RSA'];
    private const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

    private string $issuer;
    private string $audience;
    private string $algorithm;
    private string $secret;
    /** @var callable(bool): array */
    private $keys;
    /** @var callable(string, int): bool */
    private $firstUse;

    /**
     * $keys(bool $fresh): the JWK Set of <issuer>/jwks as an array; fresh: not from the cache.
     * $firstUse(string $jti, int $exp): records $jti until $exp, and whether it was not there;
     * a unique insert, or apcu_add($jti, 1, 80).
     * $algorithm is the one the app is registered with; a token never chooses it.
     */
    public function __construct(
        string $issuer,
        string $audience,
        callable $keys,
        callable $firstUse,
        string $algorithm = 'ES256',
        string $secret = ''
    ) {
        if ($algorithm === 'HS256' && strlen($secret) < 32) {
            throw new InvalidArgumentException('HS256 needs a long secret');
        }
        $this->issuer = $issuer;
        $this->audience = $audience;
        $this->keys = $keys;
        $this->firstUse = $firstUse;
        $this->algorithm = $algorithm;
        $this->secret = $secret;
    }

    public function ticket(string $token, string $service, string $state): array
    {
        $claims = $this->claims($token, 'ticket+jwt', 60, $this->algorithm);
        if (($claims['service'] ?? null) !== $service) {
            throw new TokenRefused('meant for another address');
        }
        if ($state === '' || !hash_equals($state, (string) ($claims['state'] ?? ''))) {
            throw new TokenRefused('another attempt');
        }
        if (empty($claims['jti']) || !($this->firstUse)($claims['jti'], $claims['exp'])) {
            throw new TokenRefused('used before');
        }
        return $claims;
    }

    /** $_SERVER['HTTP_X_BRIDGE_IDENTITY']. Always ES256, with the bridge's key. */
    public function identity(string $header): array
    {
        return $this->claims($header, 'idpb-identity+jwt', 60, 'ES256');
    }

    /** End every session of the app that has $claims['sid']. */
    public function logout(string $token): array
    {
        $claims = $this->claims($token, 'logout+jwt', 120, $this->algorithm);
        if (!isset($claims['events'][self::LOGOUT_EVENT], $claims['sid'])) {
            throw new TokenRefused('no logout');
        }
        return $claims;
    }

    private function claims(string $token, string $type, int $life, string $algorithm): array
    {
        $parts = explode('.', $token);
        if (count($parts) !== 3) {
            throw new TokenRefused('not a token');
        }
        [$header, $claims] = [self::parsed($parts[0]), self::parsed($parts[1])];
        if (($header['typ'] ?? '') !== $type || ($header['alg'] ?? '') !== $algorithm) {
            throw new TokenRefused('another kind of token');
        }
        $signature = self::decoded($parts[2]);
        if (!$this->isSigned("$parts[0].$parts[1]", $signature, $header, $algorithm)) {
            throw new TokenRefused('signature');
        }
        if (($claims['iss'] ?? '') !== $this->issuer || ($claims['aud'] ?? '') !== $this->audience) {
            throw new TokenRefused("another app's");
        }
        [$iat, $exp] = [$claims['iat'] ?? null, $claims['exp'] ?? null];
        if (!is_int($iat) || !is_int($exp) || $exp - $iat > $life) {
            throw new TokenRefused('moments');
        }
        if (time() < $iat - self::LEEWAY || time() >= $exp + self::LEEWAY) {
            throw new TokenRefused('expired');
        }
        return $claims;
    }

    private function isSigned(string $signed, string $signature, array $header, string $algorithm): bool
    {
        if ($algorithm === 'HS256') {
            return hash_equals(hash_hmac('sha256', $signed, $this->secret, true), $signature);
        }
        $key = $this->key($header, $algorithm, false) ?? $this->key($header, $algorithm, true);
        if ($key === null) {
            return false;
        }
        if ($key['kty'] === 'EC') {
            if (strlen($signature) !== 64) {
                return false;
            }
            [$r, $s] = str_split($signature, 32);
            $signature = self::der(0x30, self::integer($r) . self::integer($s));
        }
        return openssl_verify($signed, $signature, self::pem($key), OPENSSL_ALGO_SHA256) === 1;
    }

    private function key(array $header, string $algorithm, bool $fresh): ?array
    {
        foreach (($this->keys)($fresh)['keys'] as $key) {
            if ($key['kid'] === ($header['kid'] ?? '') && $key['kty'] === self::KEY_TYPES[$algorithm]) {
                return $key;
            }
        }
        return null;
    }

    /** A JWK as PEM: RFC 5480 for P-256, RFC 8017 for RSA. */
    private static function pem(array $key): string
    {
        if ($key['kty'] === 'EC') {
            // id-ecPublicKey, prime256v1
            $kind = hex2bin('301306072a8648ce3d020106082a8648ce3d030107');
            $point = "\x04" . self::decoded($key['x']) . self::decoded($key['y']);
        } else {
            // rsaEncryption
            $kind = hex2bin('300d06092a864886f70d0101010500');
            $numbers = self::integer(self::decoded($key['n'])) . self::integer(self::decoded($key['e']));
            $point = self::der(0x30, $numbers);
        }
        $der = self::der(0x30, $kind . self::der(0x03, "\x00" . $point));
        $lines = chunk_split(base64_encode($der), 64, "\n");
        return "-----BEGIN PUBLIC KEY-----\n$lines-----END PUBLIC KEY-----\n";
    }

    private static function integer(string $bytes): string
    {
        $bytes = ltrim($bytes, "\x00");
        return self::der(0x02, ($bytes === '' || ord($bytes[0]) > 0x7f ? "\x00" : '') . $bytes);
    }

    private static function der(int $tag, string $body): string
    {
        $length = strlen($body);
        $size = ltrim(pack('N', $length), "\x00");
        return chr($tag) . ($length < 128 ? chr($length) : chr(0x80 | strlen($size)) . $size) . $body;
    }

    private static function parsed(string $part): array
    {
        $value = json_decode(self::decoded($part), true);
        if (!is_array($value)) {
            throw new TokenRefused('not a token');
        }
        return $value;
    }

    private static function decoded(string $part): string
    {
        $bytes = base64_decode(strtr($part, '-_', '+/'), true);
        if ($bytes === false) {
            throw new TokenRefused('not a token');
        }
        return $bytes;
    }
}
