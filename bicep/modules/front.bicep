metadata description = 'A front door before two stamps: all requests go to the first one while it is ready, else to the other.'

@description('Its name.')
param name string

@description('Tags.')
param tags object

@description('The hosts of the stamps, the first one first.')
@minLength(2)
@maxLength(2)
param hosts array

resource profile 'Microsoft.Cdn/profiles@2025-04-15' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: 'Standard_AzureFrontDoor' }
  properties: {
    // A request may wait for messages for as long as the Functions host allows.
    originResponseTimeoutSeconds: 240
  }

  resource endpoint 'afdEndpoints' = {
    name: 'burrow'
    location: 'global'
    tags: tags
    properties: { enabledState: 'Enabled' }

    resource route 'routes' = {
      name: 'all'
      dependsOn: [origins]
      properties: {
        originGroup: { id: group.id }
        patternsToMatch: ['/*']
        supportedProtocols: ['Https']
        forwardingProtocol: 'HttpsOnly'
        httpsRedirect: 'Disabled'
        linkToDefaultDomain: 'Enabled'
        enabledState: 'Enabled'
      }
    }
  }

  resource group 'originGroups' = {
    name: 'stamps'
    properties: {
      loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3, additionalLatencyInMilliseconds: 0 }
      // Not ready: storage does not answer, or the timer has not run for long.
      healthProbeSettings: {
        probePath: '/health/ready'
        probeProtocol: 'Https'
        probeRequestType: 'GET'
        probeIntervalInSeconds: 30
      }
      sessionAffinityState: 'Disabled'
    }
  }
}

resource origins 'Microsoft.Cdn/profiles/originGroups/origins@2025-04-15' = [
  for (host, i) in hosts: {
    parent: profile::group
    name: 'stamp-${i + 1}'
    properties: {
      hostName: host
      // The function app knows only its own name.
      originHostHeader: host
      httpPort: 80
      httpsPort: 443
      priority: i + 1
      weight: 1000
      enabledState: 'Enabled'
      enforceCertificateNameCheck: true
    }
  }
]

@description('Where it is reached.')
output url string = 'https://${profile::endpoint.properties.hostName}'
