metadata description = 'Two stamps of Burrow in two regions, each of which allows relays to the other, and a front door before both as an option. docs/deploy.md says what relays bring.'

targetScope = 'subscription'

@description('What the pair is called. The resource groups are rg-{name}-{region}.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('The region that serves.')
param location string

@description('The region that takes over.')
param otherLocation string

@description('The secret of each stamp (main.bicep, accessSecret). Both may be the same: then links that one has made are good at the other.')
@secure()
@minLength(32)
param accessSecret string

@description('Keys of the operator, for both stamps (main.bicep, adminKeys).')
@secure()
@minLength(76)
param adminKeys string

@description('Private keys that events are signed with, for both stamps (main.bicep, signingKeys).')
@secure()
@minLength(100)
param signingKeys string

@description('Whether a front door stands before both. It sends all requests to the first stamp while that is ready, else to the other.')
param frontDoor bool = false

@description('Other parameters of main.bicep are its defaults. Other settings, for both stamps (main.bicep, settings).')
param settings object = {}

@description('Who is told of alerts, by e-mail. Empty: nobody.')
param alertEmail string = ''

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}-${location}'
  location: location
  tags: tags
}

resource otherGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}-${otherLocation}'
  location: otherLocation
  tags: tags
}

// Named here, as neither stamp can wait for what the other one is called.
var appName = 'func-${uniqueString(subscription().id, environmentName, location)}'
var otherAppName = 'func-${uniqueString(subscription().id, environmentName, otherLocation)}'
var hostName = '${appName}.azurewebsites.net'
var otherHostName = '${otherAppName}.azurewebsites.net'

module stamp 'main.bicep' = {
  name: 'stamp'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    functionAppName: appName
    accessSecret: accessSecret
    adminKeys: adminKeys
    signingKeys: signingKeys
    relayHosts: [otherHostName]
    publicUrl: frontDoor ? front!.outputs.url : ''
    settings: settings
    alertEmail: alertEmail
  }
}

module other 'main.bicep' = {
  name: 'other'
  scope: otherGroup
  params: {
    environmentName: environmentName
    location: otherLocation
    functionAppName: otherAppName
    accessSecret: accessSecret
    adminKeys: adminKeys
    signingKeys: signingKeys
    relayHosts: [hostName]
    publicUrl: frontDoor ? front!.outputs.url : ''
    settings: settings
    alertEmail: alertEmail
  }
}

module front 'modules/front.bicep' = if (frontDoor) {
  name: 'front'
  scope: group
  params: {
    name: 'afd-${uniqueString(subscription().id, environmentName)}'
    tags: tags
    hosts: [hostName, otherHostName]
  }
}

@description('Where the first stamp is reached.')
output BURROW_URL string = 'https://${hostName}'

@description('Where the other stamp is reached.')
output BURROW_OTHER_URL string = 'https://${otherHostName}'

@description('Where both are reached, whichever is ready; empty without a front door.')
output BURROW_FRONT_URL string = frontDoor ? front!.outputs.url : ''

@description('The function app of the first stamp, to publish the code to.')
output AZURE_FUNCTION_APP_NAME string = stamp.outputs.AZURE_FUNCTION_APP_NAME

@description('The function app of the other stamp, to publish the code to.')
output AZURE_OTHER_FUNCTION_APP_NAME string = other.outputs.AZURE_FUNCTION_APP_NAME
