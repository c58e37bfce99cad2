using System.Globalization;
using System.Text;
using Burrow.Tables;

namespace Burrow.Benchmarks.Tables;

/// <summary>An entity group transaction: the multipart body of a request to <c>$batch</c>, and the answer to it.</summary>
internal sealed record BatchBody(string Table, string Partition, IReadOnlyList<Operation> Operations)
{
    public const string AnswerType = "multipart/mixed; boundary=batchresponse_burrow";

    private static readonly byte[] PartBegins = "Content-Transfer-Encoding: binary\r\n\r\n"u8.ToArray();

    public static BatchBody Parse(byte[] body)
    {
        var operations = new List<Operation>();
        var (table, partition) = ("", "");
        for (var rest = body.AsMemory(); rest.Span.IndexOf(PartBegins) is >= 0 and var at;)
        {
            rest = rest[(at + PartBegins.Length)..];
            var head = rest[..rest.Span.IndexOf("\r\n\r\n"u8)];
            rest = rest[(head.Length + 4)..];
            var end = rest.Span.IndexOf("\r\n--"u8);
            // Most operations are insertions. Their rows name their keys, so their addresses need no reading after the first.
            if (table.Length > 0 && head.Span.StartsWith("POST "u8))
            {
                var (_, inserted, values) = EntityJson.Read(rest[..end]);
                operations.Add(Operation.Insert(inserted!, values));
                continue;
            }

            var lines = Encoding.ASCII.GetString(head.Span).Split("\r\n");
            var line = lines[0].Split(' ');
            var ifMatch = Array.Find(lines, header => header.StartsWith("If-Match: ", StringComparison.OrdinalIgnoreCase))?[10..];
            var path = new Uri(line[1]).AbsolutePath;
            var address = EntityAddress.Parse(path[(path.LastIndexOf('/') + 1)..]);
            var (itsPartition, key, columns) = line[0] == "DELETE" ? (null, null, []) : EntityJson.Read(rest[..end]);
            table = address.Table;
            partition = itsPartition ?? address.Partition;
            operations.Add(OperationOf(line[0], address.Key ?? key!, ifMatch is null ? null : EntityJson.VersionOf(ifMatch), columns));
        }

        return new(table, partition, operations);
    }

    public byte[] Answer(SubmitResult result)
    {
        var text = new StringBuilder(400 * Operations.Count);
        text.Append("--batchresponse_burrow\r\nContent-Type: multipart/mixed; boundary=changesetresponse_burrow\r\n\r\n");
        if (result.Committed)
        {
            for (var i = 0; i < Operations.Count; i++)
            {
                BeginPart(text, "204 No Content");
                text.Append("Preference-Applied: return-no-content\r\nDataServiceVersion: 3.0;\r\n");
                if (result.ETags[i] is { } etag)
                    text.Append("ETag: ").Append(EntityJson.ETag(etag)).Append("\r\n");
                text.Append("\r\n\r\n");
            }
        }
        else
        {
            var (status, code) = result.Refusal switch
            {
                Refusal.Exists => ("409 Conflict", "EntityAlreadyExists"),
                Refusal.Missing => ("404 Not Found", "ResourceNotFound"),
                _ => ("412 Precondition Failed", "UpdateConditionNotSatisfied"),
            };
            BeginPart(text, status);
            var error = EntityJson.Error(code, string.Create(CultureInfo.InvariantCulture, $"{result.FailedIndex}:{code}"));
            text.Append("DataServiceVersion: 3.0;\r\nContent-Type: application/json\r\n\r\n").Append(Encoding.UTF8.GetString(error));
            text.Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.Append("--changesetresponse_burrow--\r\n--batchresponse_burrow--\r\n").ToString());
    }

    private static void BeginPart(StringBuilder text, string status) => text
        .Append("--changesetresponse_burrow\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n")
        .Append("HTTP/1.1 ").Append(status).Append("\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n");

    private static Operation OperationOf(string method, string key, string? ifMatch, Columns columns) => method switch
    {
        "POST" => Operation.Insert(key, columns),
        "PUT" when ifMatch is not null => Operation.Replace(key, columns, ifMatch),
        "PUT" => Operation.Upsert(key, columns),
        "PATCH" or "MERGE" => Operation.Merge(key, columns, ifMatch!),
        "DELETE" => Operation.Delete(key, ifMatch!),
        _ => throw new BenchmarkException($"The table server knows no {method}."),
    };
}
