// Verifies what the bridge signs for one app: tickets, the identity header, logout tokens.
// .NET 6 or newer, its own libraries only.
//
//   var bridge = new BridgeTokens(issuer, "my-app", keys, firstUse);
//   var who = bridge.Ticket(form["ticket"], service, state);

using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

public sealed class TokenRefused : Exception
{
    public TokenRefused(string reason) : base(reason) { }
}

public sealed class BridgeTokens
{
    private const int Leeway = 10;
    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

    private readonly string issuer, audience, algorithm, secret;
    private readonly Func<bool, JsonElement> keys;
    private readonly Func<string, long, bool> firstUse;

    // keys(fresh): the JWK Set of <issuer>/jwks; with fresh, not from the cache (a key is new).
    // firstUse(jti, exp): records jti until exp, and whether it was not there (a unique insert).
    // algorithm: the one the app is registered with; a token never chooses it.
    public BridgeTokens(
        string issuer, string audience, Func<bool, JsonElement> keys, Func<string, long, bool> firstUse,
        string algorithm = "ES256", string secret = "")
    {
        if (algorithm == "HS256" && secret.Length < 32) throw new ArgumentException("HS256 needs a long secret");
        (this.issuer, this.audience, this.algorithm, this.secret) = (issuer, audience, algorithm, secret);
        (this.keys, this.firstUse) = (keys, firstUse);
    }

    public JsonElement Ticket(string token, string service, string state)
    {
        var claims = Claims(token, "ticket+jwt", 60, algorithm);
        if (Text(claims, "service") != service) throw new TokenRefused("meant for another address");
        if (string.IsNullOrEmpty(state) || !Same(Text(claims, "state"), state)) throw new TokenRefused("another attempt");
        if (Text(claims, "jti") == "" || !firstUse(Text(claims, "jti"), Moment(claims, "exp"))) throw new TokenRefused("used before");
        return claims;
    }

    // The value of X-Bridge-Identity. Always ES256, with the bridge's key.
    public JsonElement Identity(string header) => Claims(header, "idpb-identity+jwt", 60, "ES256");

    // End every session of the app that has the claim sid.
    public JsonElement Logout(string token)
    {
        var claims = Claims(token, "logout+jwt", 120, algorithm);
        var isLogout = claims.TryGetProperty("events", out var events) && events.TryGetProperty(LogoutEvent, out _);
        if (!isLogout || Text(claims, "sid") == "") throw new TokenRefused("no logout");
        return claims;
    }

    private JsonElement Claims(string token, string type, int life, string signedBy)
    {
        var parts = (token ?? "").Split('.');
        if (parts.Length != 3) throw new TokenRefused("not a token");
        JsonElement header = Parse(parts[0]), claims = Parse(parts[1]);
        if (Text(header, "typ") != type || Text(header, "alg") != signedBy) throw new TokenRefused("another kind of token");
        var signed = Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
        if (!IsSigned(signed, Decode(parts[2]), Text(header, "kid"), signedBy)) throw new TokenRefused("signature");
        if (Text(claims, "iss") != issuer || Text(claims, "aud") != audience) throw new TokenRefused("another app's");
        long iat = Moment(claims, "iat"), exp = Moment(claims, "exp"), now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        if (exp - iat > life || now < iat - Leeway || now >= exp + Leeway) throw new TokenRefused("expired");
        return claims;
    }

    private bool IsSigned(byte[] signed, byte[] signature, string kid, string signedBy)
    {
        if (signedBy == "HS256")
        {
            using var mac = new HMACSHA256(Encoding.UTF8.GetBytes(secret));
            return CryptographicOperations.FixedTimeEquals(mac.ComputeHash(signed), signature);
        }
        var key = Find(keys(false), kid) ?? Find(keys(true), kid);
        if (key is not JsonElement jwk) return false;
        if (signedBy == "ES256" && Text(jwk, "kty") == "EC")
        {
            var point = new ECPoint { X = Decode(Text(jwk, "x")), Y = Decode(Text(jwk, "y")) };
            using var ec = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
            return ec.VerifyData(signed, signature, HashAlgorithmName.SHA256);
        }
        if (signedBy != "RS256" || Text(jwk, "kty") != "RSA") return false;
        using var rsa = RSA.Create(new RSAParameters { Modulus = Decode(Text(jwk, "n")), Exponent = Decode(Text(jwk, "e")) });
        return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static JsonElement? Find(JsonElement set, string kid) =>
        set.GetProperty("keys").EnumerateArray().Where(key => Text(key, "kid") == kid)
            .Select(key => (JsonElement?)key).FirstOrDefault();

    private static string Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static long Moment(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var moment)
            ? moment : throw new TokenRefused("moments");

    private static JsonElement Parse(string part)
    {
        try
        {
            var value = JsonDocument.Parse(Decode(part)).RootElement;
            return value.ValueKind == JsonValueKind.Object ? value : throw new TokenRefused("not a token");
        }
        catch (JsonException)
        {
            throw new TokenRefused("not a token");
        }
    }

    private static byte[] Decode(string part)
    {
        var padded = part.Replace('-', '+').Replace('_', '/') + new string('=', (4 - part.Length % 4) % 4);
        try
        {
            return Convert.FromBase64String(padded);
        }
        catch (FormatException)
        {
            throw new TokenRefused("not a token");
        }
    }

    private static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
