metadata description = 'The vault, and the secrets in it.'

@description('Its name.')
@minLength(3)
@maxLength(24)
param name string

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('The setting Access:Secret.')
@secure()
param accessSecret string

@description('The setting Access:FormerSecret; empty: none.')
@secure()
param formerAccessSecret string

@description('The setting Access:AdminKeys.')
@secure()
param adminKeys string

@description('The setting Events:SigningKeys.')
@secure()
param signingKeys string

@description('The workspace for metrics and logs.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
  }

  resource access 'secrets' = {
    name: 'access-secret'
    tags: tags
    properties: { value: accessSecret, contentType: 'text/plain' }
  }

  resource formerAccess 'secrets' = if (!empty(formerAccessSecret)) {
    name: 'former-access-secret'
    tags: tags
    properties: { value: formerAccessSecret, contentType: 'text/plain' }
  }

  resource admin 'secrets' = {
    name: 'admin-keys'
    tags: tags
    properties: { value: adminKeys, contentType: 'text/plain' }
  }

  resource signing 'secrets' = {
    name: 'signing-keys'
    tags: tags
    properties: { value: signingKeys, contentType: 'application/x-pem-file' }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Its address, ending in a slash.')
output uri string = vault.properties.vaultUri
