using System.Security.Cryptography;
using Burrow.Access;
using Burrow.Events.Signing;
using CsCheck;

namespace Burrow.Tests.Events;

/// <summary>Secrets at rest.</summary>
public sealed class SecretBoxTests
{
    private readonly SecretBox box = new(new("a secret of thirty-two characters"));

    [Fact]
    public void What_was_sealed_opens_again() => Gen.Byte.Array[0, 5000].Sample(bytes => box.Open(box.Seal(bytes)).SequenceEqual(bytes));

    [Fact]
    public void The_same_sealed_twice_is_two() => box.Seal([1, 2, 3]).ShouldNotBe(box.Seal([1, 2, 3]));

    [Fact]
    public void What_was_altered_anywhere_does_not_open()
    {
        var sealed1 = box.Seal("Bearer abc"u8);
        for (var i = 0; i < sealed1.Length; i++)
        {
            var altered = sealed1.ToArray();
            altered[i] ^= 1;
            Should.Throw<CryptographicException>(() => box.Open(altered));
        }
    }

    [Fact]
    public void Another_secret_opens_nothing() =>
        Should.Throw<CryptographicException>(() => new SecretBox(new("another secret of as many characters")).Open(box.Seal([1])));

    [Fact]
    public void What_was_sealed_under_the_former_secret_opens_beside_the_new_one()
    {
        var next = new SecretBox(new("another secret of as many characters", "a secret of thirty-two characters"));

        next.Open(box.Seal([1])).ShouldBe([1]);
        Should.Throw<CryptographicException>(() => box.Open(next.Seal([1])));
    }

    [Fact]
    public void Without_a_secret_nothing_is_sealed() =>
        Should.Throw<UnavailableException>(() => new SecretBox(new DeploymentSecret(null)).Seal([1]));
}
