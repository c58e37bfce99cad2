using System.Text.Json.Serialization;

namespace Burrow.Client;

/// <summary>How requests and answers are written in JSON, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccountStatistics))]
[JsonSerializable(typeof(GroupState[]))]
[JsonSerializable(typeof(Key))]
[JsonSerializable(typeof(Key[]))]
[JsonSerializable(typeof(Link))]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(Policy))]
[JsonSerializable(typeof(Policy[]))]
[JsonSerializable(typeof(ProducerState))]
[JsonSerializable(typeof(ProducerState[]))]
[JsonSerializable(typeof(QueueStatistics))]
[JsonSerializable(typeof(ReaderState))]
[JsonSerializable(typeof(ReaderState[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(WireBatchResult[]))]
[JsonSerializable(typeof(WireEpoch))]
[JsonSerializable(typeof(WireKey))]
[JsonSerializable(typeof(WireMessage))]
[JsonSerializable(typeof(WireMessage[]))]
[JsonSerializable(typeof(WireProblem))]
[JsonSerializable(typeof(WireReader))]
internal sealed partial class WireJson : JsonSerializerContext;
