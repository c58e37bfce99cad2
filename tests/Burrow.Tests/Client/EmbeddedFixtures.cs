using Burrow.Embedded;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>The engine within the test's process, without a socket.</summary>
public abstract class EmbeddedFixture(bool hasFile) : ServerFixture
{
    private readonly TestTime time = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("burrow-");
    private EmbeddedBurrow? burrow;

    internal override ITestTime Time => time;

    internal override Uri Address => throw new NotSupportedException("An embedded Burrow has no address.");

    private protected override Uri ClientAddress => EmbeddedBurrow.Endpoint;

    private protected override HttpMessageHandler NewHandler() => burrow!.NewHandler();

    public override async ValueTask InitializeAsync() => burrow = await EmbeddedBurrow.StartAsync(new()
    {
        File = hasFile ? Path.Combine(folder.FullName, "burrow.db") : null,
        Time = time,
    });

    public override async ValueTask DisposeAsync()
    {
        if (burrow is not null)
            await burrow.DisposeAsync();
        folder.Delete(recursive: true);
        await base.DisposeAsync();
    }
}

public sealed class EmbeddedMemory() : EmbeddedFixture(hasFile: false);

public sealed class EmbeddedSqlite() : EmbeddedFixture(hasFile: true);
