metadata description = 'What somebody should know of before tenants tell them. docs/deploy.md says what to do at each.'

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('What makes names unique.')
param token string

@description('Who is told; empty: nobody.')
param email string

@description('The workspace that the app\'s requests and metrics are in.')
param workspaceId string

@description('The storage account of the queues.')
param dataAccountId string

@description('Per cent of requests.')
param serverErrorPercent int

@description('Seconds.')
param outboxLag int

@description('Seconds; 0: no such alert.')
param oldestVisibleAge int

@description('Messages in 15 minutes; -1: no such alert.')
param deadMessages int

@description('Requests in 15 minutes.')
param throttledRequests int

@description('Failures in 30 minutes.')
param sweepFailures int

@description('Seconds.')
param relayLag int

@description('Failures in 15 minutes; -1: no such alert.')
param relayFailures int

// Application Insights keeps an OpenTelemetry metric in AppMetrics under its own name, with its attributes in Properties; of a
// histogram or gauge, Max is the largest value. Requests are the host's, which knows also of those that the app never answered.
var rules = [
  {
    name: 'server-errors'
    description: 'Too many requests were answered with 5xx.'
    severity: 1
    window: 'PT15M'
    // With few requests one failure would be a large share. The host asks itself how it is, under /admin.
    query: 'AppRequests | where isnotempty(Url) and Url !has "/admin/" | summarize Failed = sumif(ItemCount, toint(ResultCode) >= 500), Total = sum(ItemCount) | where Total >= 20 | project Value = 100.0 * Failed / Total'
    threshold: serverErrorPercent
    by: []
  }
  {
    name: 'outbox-lag'
    description: 'Events are published late.'
    severity: 2
    window: 'PT15M'
    query: 'AppMetrics | where Name == "burrow.outbox.lag" | summarize Value = max(coalesce(Max, Sum / ItemCount))'
    threshold: outboxLag
    by: []
  }
  {
    name: 'oldest-visible'
    description: 'A visible message has waited long: its workers are gone, or too slow.'
    severity: 3
    window: 'PT15M'
    query: 'AppMetrics | where Name == "burrow.queue.oldest_visible_age" | summarize Value = max(coalesce(Max, Sum / ItemCount)) by Account = tostring(Properties["burrow.account"]), Queue = tostring(Properties["messaging.destination.name"])'
    threshold: oldestVisibleAge
    // One alert for each queue, which says for which.
    by: ['Account', 'Queue']
  }
  {
    name: 'dead-messages'
    description: 'Messages died: their workers could not handle them, or died themselves.'
    severity: 3
    window: 'PT15M'
    query: 'AppMetrics | where Name == "burrow.messages.dead" | summarize Value = sum(Sum)'
    threshold: deadMessages
    by: []
  }
  {
    name: 'sweep-failures'
    description: 'The timer fails: what expired stays stored, though nobody sees it.'
    severity: 2
    window: 'PT30M'
    query: 'AppMetrics | where Name == "burrow.sweep.failures" | summarize Value = sum(Sum)'
    threshold: sweepFailures
    by: []
  }
  {
    name: 'relay-lag'
    description: 'A relay is behind: the other deployment is away, refuses, or is too slow.'
    severity: 2
    window: 'PT15M'
    query: 'AppMetrics | where Name == "burrow.relay.lag" | summarize Value = max(coalesce(Max, Sum / ItemCount))'
    threshold: relayLag
    by: []
  }
  {
    name: 'relay-failures'
    description: 'Relays can\'t go on: the other deployment is away or refuses, or somebody shut this one out.'
    severity: 2
    window: 'PT15M'
    query: 'AppMetrics | where Name == "burrow.relay.failures" | summarize Value = sum(Sum)'
    threshold: relayFailures
    by: []
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'burrow'
    enabled: true
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource queries 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: if ((rule.name != 'oldest-visible' || oldestVisibleAge > 0) && rule.threshold >= 0) {
    name: 'alert-${rule.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Burrow: ${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      // The tables may be unknown to a workspace that is seconds old.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: 'Value'
            dimensions: map(rule.by, column => { name: column, operator: 'Include', values: ['*'] })
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(email) ? [] : [group.id] }
    }
  }
]

resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-throttled-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Table storage throttles: a queue, or the account, has more to do than it can.'
    severity: 2
    enabled: true
    scopes: ['${dataAccountId}/tableServices/default']
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'throttled'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.Storage/storageAccounts/tableServices'
          metricName: 'Transactions'
          dimensions: [
            {
              name: 'ResponseType'
              operator: 'Include'
              // https://learn.microsoft.com/azure/storage/tables/monitor-table-storage-reference#metrics-dimensions
              values: [
                'ServerBusyError'
                'ClientThrottlingError'
                'ClientAccountRequestThrottlingError'
                'ClientAccountBandwidthThrottlingError'
                'SuccessWithThrottling'
              ]
            }
          ]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: throttledRequests
        }
      ]
    }
    actions: empty(email) ? [] : [{ actionGroupId: group.id }]
  }
}
