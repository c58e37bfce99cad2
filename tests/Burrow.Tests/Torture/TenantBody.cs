using System.Globalization;

namespace Burrow.Tests.Torture;

/// <summary>Makes bodies that contain their message's id and version. So a wrong, old or damaged body is noticed.</summary>
internal static class TenantBody
{
    public static string Of(string id, long version, int length)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{id} {version} {length} ");
        return head + new string((char)('a' + version % 26), Math.Max(0, length - head.Length));
    }

    /// <summary>The version of a body. The body must belong to that id and be complete.</summary>
    public static long VersionOf(string id, string body)
    {
        var parts = body.Split(' ', 4);
        parts.Length.ShouldBe(4, $"{id} has a body that no client put: {body[..Math.Min(80, body.Length)]}");
        var version = long.Parse(parts[1], CultureInfo.InvariantCulture);
        // ShouldBe would print 100 KiB.
        (body == Of(id, version, int.Parse(parts[2], CultureInfo.InvariantCulture))).ShouldBeTrue(
            $"The body of {id} is damaged: {body[..Math.Min(80, body.Length)]}");
        return version;
    }
}
