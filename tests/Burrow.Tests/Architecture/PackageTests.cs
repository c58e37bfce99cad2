using System.Text.Json;
using System.Xml.Linq;
using Burrow.Tests.Support;

namespace Burrow.Tests.Architecture;

/// <summary>Where packages come from, and that each is pinned.</summary>
public sealed class PackageTests
{
    public static TheoryData<string> Projects =>
    [
        .. from folder in (string[])["functions", "tests"]
           from project in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories)
           let path = Path.GetRelativePath(Repository.Root, project)
           where !path.Split(Path.DirectorySeparatorChar).Contains("obj")
           select path,
    ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_lock_file_pins_every_package_of_a_project(string project)
    {
        var versions = Read("Directory.Packages.props").Descendants()
            .Where(element => element.Name.LocalName is "PackageVersion" or "GlobalPackageReference")
            .ToDictionary(element => (string)element.Attribute("Include")!, element => (string)element.Attribute("Version")!);
        var file = Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, "packages.lock.json");
        var pinned = JsonElement.Parse(File.ReadAllBytes(file)).GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .Where(package => package.Value.GetProperty("type").GetString() != "Project")
            .ToList();

        pinned.ShouldAllBe(package => package.Value.GetProperty("contentHash").GetString()!.Length > 0);
        // A package for one operating system is not in a lock file that was written on another.
        var references = Read(project).Descendants("PackageReference").Where(one => one.Parent!.Attribute("Condition") is null);
        foreach (var name in references.Select(reference => (string)reference.Attribute("Include")!))
        {
            var package = pinned.Where(package => package.NameEquals(name)).ShouldHaveSingleItem();
            package.Value.GetProperty("resolved").GetString().ShouldBe(versions[name], name);
        }
    }

    [Fact]
    public void Packages_come_from_the_default_source_and_the_repository_adds_none()
    {
        var configuration = Read("NuGet.config").Root!;
        configuration.Elements().Select(section => section.Name.LocalName).ShouldBe(["packageSourceMapping"]);
        var source = configuration.Element("packageSourceMapping")!.Elements().ShouldHaveSingleItem();
        ((string?)source.Attribute("key")).ShouldBe("nuget.org");
        source.Elements().Select(package => (string?)package.Attribute("pattern")).ShouldBe(["*"]);
    }

    private static XDocument Read(string file) => XDocument.Load(Path.Combine(Repository.Root, file));
}
