using System.Text.Json;
using Burrow.FunctionsHost.Protocol;

namespace Burrow.FunctionsHost;

/// <summary>A function of the app, as the worker describes it.</summary>
/// <param name="Metadata">What the worker says of it.</param>
/// <param name="Binding">The name of the trigger's binding.</param>
/// <param name="Route">The route without the prefix; null: it has no HTTP trigger.</param>
/// <param name="Methods">The methods of the HTTP trigger.</param>
/// <param name="Schedule">The schedule as it is declared; null: it has no timer trigger.</param>
internal sealed record Function(
    RpcFunctionMetadata Metadata, string Binding, string? Route, IReadOnlyList<string> Methods, string? Schedule)
{
    public string Id => Metadata.FunctionId;

    public string Name => Metadata.Name;

    /// <summary>Reads what the worker says of a function.</summary>
    /// <exception cref="NotSupportedException">It has no HTTP trigger and no timer trigger.</exception>
    public static Function Of(RpcFunctionMetadata metadata)
    {
        foreach (var raw in metadata.RawBindings)
        {
            using var json = JsonDocument.Parse(raw);
            var binding = json.RootElement;
            var name = binding.GetProperty("name").GetString()!;
            if (IsA(binding, "httpTrigger"))
            {
                var methods = binding.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!).ToList();
                return new(metadata, name, binding.GetProperty("route").GetString()!, methods, null);
            }

            if (IsA(binding, "timerTrigger"))
                return new(metadata, name, null, [], binding.GetProperty("schedule").GetString()!);
        }

        throw new NotSupportedException($"This host runs functions with an HTTP trigger or a timer trigger; {metadata.Name} has neither.");
    }

    private static bool IsA(JsonElement binding, string type) =>
        string.Equals(binding.GetProperty("type").GetString(), type, StringComparison.OrdinalIgnoreCase);
}
