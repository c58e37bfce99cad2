metadata description = 'Where logs and metrics go.'

@description('The workspace\'s name.')
param workspaceName string

@description('The name in Application Insights.')
param insightsName string

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('Days for which logs are kept.')
param days int

@description('GB taken a day; -1: all.')
param dailyCapGB int

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: days
    workspaceCapping: { dailyQuotaGb: dailyCapGB }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    // The connection string alone lets nobody write telemetry.
    DisableLocalAuth: true
  }
}

@description('The workspace.')
output workspaceId string = workspace.id

@description('Where telemetry is sent. No secret: who sends it must have the role Monitoring Metrics Publisher.')
output connectionString string = insights.properties.ConnectionString
