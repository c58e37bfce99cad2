using System.Text;
using Burrow.Local.EventGrid;

namespace Burrow.Tests.Events;

/// <summary>The rules of the stand-in that follow the documentation of the real Event Grid exactly.</summary>
public sealed class StandInTests
{
    [Fact]
    public void Deliveries_are_tried_again_by_the_real_ladder()
    {
        string[] ladder = ["10s", "30s", "60s", "300s", "600s", "1800s", "3600s", "10800s", "21600s", "43200s", "43200s"];

        Enumerable.Range(1, 11).Select(attempt => $"{RetryLadder.After(attempt).TotalSeconds}s").ShouldBe(ladder);
        RetryLadder.After(30).ShouldBe(TimeSpan.FromHours(12));
    }

    [Fact]
    public void Only_200_to_204_are_deliveries_and_400_401_403_and_413_final()
    {
        Enumerable.Range(0, 600).Where(RetryLadder.IsDelivered).ShouldBe([200, 201, 202, 203, 204]);
        Enumerable.Range(0, 600).Where(RetryLadder.IsFinal).ShouldBe([400, 401, 403, 413]);
    }

    [Theory]
    [InlineData("{}", "q/m", "t", true)]
    [InlineData("""{"subjectBeginsWith":"q/"}""", "q/m", "t", true)]
    [InlineData("""{"subjectBeginsWith":"q/"}""", "Q/m", "t", true)]
    [InlineData("""{"subjectBeginsWith":"q/","isSubjectCaseSensitive":true}""", "Q/m", "t", false)]
    [InlineData("""{"subjectBeginsWith":"q/","isSubjectCaseSensitive":true}""", "qq/m", "t", false)]
    [InlineData("""{"subjectEndsWith":"/m"}""", "q/m", "t", true)]
    [InlineData("""{"subjectEndsWith":"/n"}""", "q/m", "t", false)]
    [InlineData("""{"includedEventTypes":["t","u"]}""", "q/m", "t", true)]
    [InlineData("""{"includedEventTypes":["u"]}""", "q/m", "t", false)]
    public void Filters_are_by_subject_and_type(string filter, string subject, string type, bool matches) =>
        new EventSubscription("topic", "name", Encoding.UTF8.GetBytes($$$"""{"properties":{"filter":{{{filter}}}}}"""), "Succeeded", null)
            .Matches(subject, type).ShouldBe(matches);
}
