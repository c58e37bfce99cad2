metadata description = 'The Event Grid domain: a topic for each account that has a subscription, an event subscription for each webhook.'

@description('Its name.')
@minLength(3)
@maxLength(50)
param name string

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('The workspace for metrics and logs.')
param workspaceId string

resource domain 'Microsoft.EventGrid/domains@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // Who writes dead letters.
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    // Topics come and go with their subscriptions; the app may only manage those.
    autoCreateTopicWithFirstSubscription: true
    autoDeleteTopicWithLastSubscription: true
  }
}

// Not what is published and delivered well: one line for each would cost more than the event.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'workspace'
  scope: domain
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'DeliveryFailures', enabled: true }
      { category: 'PublishFailures', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The domain.')
output id string = domain.id

@description('Where events are published, with the path.')
output endpoint string = domain.properties.endpoint

@description('The domain\'s own identity.')
output principalId string = domain.identity.principalId
